"""Lungs and vessels, head and neck, PET with CT, spine."""
from .truth import layout
from .writers import coarse, image, labels, mask, meta, blocks, place, table, text, uid


@layout("luna16", 3, 3, labelled=3)
def luna16(out):
    """The lungs' labels lie in a folder of a name of its own; the nodules are a table of points."""
    for n in range(3):
        name = uid("luna", n)
        image(out / f"subset{n}" / f"{name}.mhd", n)
        size, spacing, origin = place(n)
        path = out / "seg-lungs-LUNA16" / f"{name}.mhd"
        path.parent.mkdir(parents=True, exist_ok=True)
        meta(path, blocks(size, (3, 4, 5)), spacing, origin, True)
    table(out / "annotations.csv", "seriesuid,coordX,coordY,coordZ,diameter_mm",
          [(uid("luna", n), -18.5, 17.5, -26.0, 5.6) for n in range(3)])
    table(out / "candidates.csv", "seriesuid,coordX,coordY,coordZ,class",
          [(uid("luna", n % 3), -18.5, 17.5, -26.0 + n, n % 2) for n in range(9)])


@layout("lndb", 3, 3)
def lndb(out):
    """Up to three radiologists a scan: answers to one question."""
    for n in range(1, 4):
        image(out / "data0" / f"LNDb-{n:04}.mhd", n)
        for rad in range(1, 1 + n):
            labels(out / "masks" / f"LNDb-{n:04}_rad{rad}.mhd", n, range(1, 1 + rad))
    table(out / "trainset_csv" / "trainNodules.csv",
          "LNDbID,RadID,RadFindingID,FindingID,x,y,z,AgrLevel,Nodule,Volume,Text",
          [(n, 1, 1, 1, -18.5, 17.5, -26, 1, 1, 120.5, 5) for n in range(1, 4)])


@layout("imagecas", 3, 3)
def imagecas(out):
    for n in range(1, 4):
        image(out / "1-200" / f"{n}.img.nii.gz", n)
        labels(out / "1-200" / f"{n}.label.nii.gz", n, [1])


@layout("asoca", 4, 4, labelled=4)
def asoca(out):
    for n in range(1, 3):
        for group in ("Normal", "Diseased"):
            image(out / group / "CTCA" / f"{group}_{n}.nrrd", n)
            labels(out / group / "Annotations" / f"{group}_{n}.nrrd", n, [1])


@layout("avt-aorta", 3, 3, labels=["Aorta"])
def avt(out):
    for n in range(1, 4):
        image(out / "Dongyang" / f"D{n}" / f"D{n}.nrrd", n)
        labels(out / "Dongyang" / f"D{n}" / f"D{n}.seg.nrrd", n, [1], names=["Aorta"])


@layout("parse2022", 3, 3, splits={"train": 3})
def parse2022(out):
    for n in (5, 16, 18):
        folder = out / "train" / f"PA{n:06}"
        image(folder / "image" / f"PA{n:06}.nii.gz", n)
        labels(folder / "label" / f"PA{n:06}.nii.gz", n, [1])


@layout("ribfrac", 3, 3)
def ribfrac(out):
    for n in range(1, 4):
        image(out / "ribfrac-train-images-1" / f"RibFrac{n}-image.nii.gz", n)
        labels(out / "ribfrac-train-labels-1" / f"RibFrac{n}-label.nii.gz", n, (1, 2, 3))
    table(out / "ribfrac-train-info-1.csv", "public_id,label_id,label_code",
          [(f"RibFrac{n}", m, (0, 1, 2, -1)[m]) for n in range(1, 4) for m in range(4)])


@layout("covid-20cases", 3, 3)
def covid(out):
    """Three folders of labels for one image, of which one holds the others' structures as well."""
    for n in range(1, 4):
        name = f"coronacases_{n:03}.nii.gz"
        image(out / "COVID-19-CT-Seg_20cases" / name, n)
        labels(out / "Lung_Mask" / name, n, (1, 2))
        labels(out / "Infection_Mask" / name, n, [1])
        labels(out / "Lung_and_Infection_Mask" / name, n, (1, 2, 3))


@layout("mosmed", 6, 6, labelled=2)
def mosmed(out):
    """Studies in folders of severity; some have a mask."""
    for n in range(6):
        image(out / "studies" / f"CT-{n // 2}" / f"study_{n + 250:04}.nii.gz", n)
    for n in (2, 3):
        labels(out / "masks" / f"study_{n + 250:04}_mask.nii.gz", n, [1])


@layout("han-seg", 3, 3, labels=["OAR_Brainstem", "OAR_Parotid_L"], channels=["CT"])
def han_seg(out):
    """One segmentation a structure, of CT. MR lies beside it, and is not registered to it."""
    for n in range(1, 4):
        folder = out / "HaN-Seg" / "set_1" / f"case_{n:02}"
        image(folder / f"case_{n:02}_IMG_CT.nrrd", n)
        image(folder / f"case_{n:02}_IMG_MR_T1.nrrd", n, "mr", coarse)
        for m, name in enumerate(("OAR_Brainstem", "OAR_Parotid_L")):
            labels(folder / f"case_{n:02}_{name}.seg.nrrd", n, [1], names=[name])


@layout("han-seg-ct", 3, 3, labels=["OAR_Brainstem", "OAR_Parotid_L"])
def han_seg_ct(out):
    for n in range(1, 4):
        folder = out / "HaN-Seg" / "set_1" / f"case_{n:02}"
        image(folder / f"case_{n:02}_IMG_CT.nrrd", n)
        for m, name in enumerate(("OAR_Brainstem", "OAR_Parotid_L")):
            labels(folder / f"case_{n:02}_{name}.seg.nrrd", n, [1], names=[name])


@layout("pddca", 3, 3, labels=["BrainStem", "Mandible"])
def pddca(out):
    for n in range(3):
        folder = out / f"0522c{n * 13 + 1:04}"
        image(folder / "img.nrrd", n)
        for m, organ in enumerate(("BrainStem", "Mandible")):
            mask(folder / "structures" / f"{organ}.nrrd", n, m)
        text(folder / "landmarks.fcsv", "# Markups fiducial file version = 4.4\n")


@layout("segrap2023", 3, 3, labels=["Brain", "BrainStem"], channels=2)
def segrap(out):
    """CT without and with contrast; the structures' masks lie in another folder of the same case."""
    for n in range(3):
        case = f"segrap_{n:04}"
        for name in ("image", "image_contrast"):
            image(out / "SegRap2023_Training_Set_120cases" / case / f"{name}.nii.gz", n)
        for m, organ in enumerate(("Brain", "BrainStem")):
            mask(out / "SegRap2023_Training_Set_120cases" / case / f"{organ}.nii.gz", n, m)


@layout("hecktor21", 3, 3, labels=["gtvt"], channels=["ct", "pt"])
def hecktor21(out):
    """The tumour's mask is called after it, without a word that it is a mask."""
    for n in range(3):
        stem = f"CHGJ{n + 7:03}"
        image(out / "hecktor_nii" / f"{stem}_ct.nii.gz", n)
        image(out / "hecktor_nii" / f"{stem}_pt.nii.gz", n, "pet", coarse)
        mask(out / "hecktor_nii" / f"{stem}_gtvt.nii.gz", n)


@layout("hecktor22", 5, 5, labelled=3, channels=["CT", "PT"], splits={"train": 3, "test": 2})
def hecktor22(out):
    for n in range(5):
        stem, part = (f"CHUP-{n + 1:03}", "Tr") if n < 3 else (f"USZ-{n + 1:03}", "Ts")
        image(out / f"images{part}" / f"{stem}__CT.nii.gz", n)
        image(out / f"images{part}" / f"{stem}__PT.nii.gz", n, "pet", coarse)
        if n < 3:
            labels(out / "labelsTr" / f"{stem}.nii.gz", n)
    table(out / "hecktor2022_clinical_info_training.csv", "PatientID,Task 1,Task 2,CenterID,Gender,Age",
          [(f"CHUP-{n + 1:03}", 1, 1, 2, "MF"[n % 2], 60 + n) for n in range(3)])


@layout("hecktor26", 3, 3, channels=["CT", "PT"])
def hecktor26(out):
    """Since 2025 the label map has the patient's bare name, beside the images."""
    for n in range(3):
        folder = out / "hecktor2026_training" / f"CHUM-{n + 1:03}"
        image(folder / f"{folder.name}__CT.nii.gz", n)
        image(folder / f"{folder.name}__PT.nii.gz", n, "pet", coarse)
        labels(folder / f"{folder.name}.nii.gz", n)
    table(out / "hecktor2026_training" / "HECKTOR_2026_Training_Task.csv", "PatientID,CenterID,Age,Gender,Relapse,RFS",
          [(f"CHUM-{n + 1:03}", 1, 60 + n, n % 2, n % 2, 500 + n) for n in range(3)])


@layout("autopet", 3, 2, channels=["CT", "CTres", "PET", "SUV"])
def autopet(out):
    """A folder a study below one a patient. CT is finer than what was brought to the PET's grid, labels are of that."""
    studies = (("PETCT_0011f3deaf", "03-23-2003-NA-Unspecified CTPETRM-94484"),
               ("PETCT_0011f3deaf", "05-02-2004-NA-Unspecified CTPETRM-84321"),
               ("PETCT_01140d52d8", "08-13-2005-NA-PET-CT Ganzkoerper  primaer mit KM-56839"))
    for n, (patient, study) in enumerate(studies):
        folder = out / "FDG-PET-CT-Lesions" / patient / study
        image(folder / "CT.nii.gz", n)
        image(folder / "CTres.nii.gz", n, "ct", coarse)
        image(folder / "PET.nii.gz", n, "pet", coarse)
        image(folder / "SUV.nii.gz", n, "pet", coarse)
        labels(folder / "SEG.nii.gz", n, [1], coarse)


@layout("autopet-nnunet", 3, 2, labels=["tumor"], channels=["CT", "PET"])
def autopet_nnunet(out):
    """The same as nnU-Net has it: tracer, patient and study in the name."""
    for n, name in enumerate(("fdg_0011f3deaf_10445", "fdg_0011f3deaf_10446", "psma_01140d52d8_56839")):
        for c, kind in enumerate(("ct", "pet")):
            image(out / "imagesTr" / f"{name}_{c:04}.nii.gz", n, kind)
        labels(out / "labelsTr" / f"{name}.nii.gz", n, [1])
    text(out / "dataset.json", {"channel_names": {"0": "CT", "1": "PET"}, "labels": {"background": 0, "tumor": 1},
                                "numTraining": 3, "file_ending": ".nii.gz"})


@layout("verse20", 3, 3, labels=2)
def verse20(out):
    for n in range(3):
        sub = f"sub-verse{n + 500}"
        folder = out / "dataset-01training"
        image(folder / "rawdata" / sub / f"{sub}_dir-ax_ct.nii.gz", n)
        labels(folder / "derivatives" / sub / f"{sub}_dir-ax_seg-vert_msk.nii.gz", n, (20, 21))
        text(folder / "derivatives" / sub / f"{sub}_dir-ax_seg-subreg_ctd.json", [{"direction": ["L", "A", "S"]}])


@layout("verse19-split", 4, 2, labels=2)
def verse19_split(out):
    """Several series of a patient, told apart by split-."""
    for n in range(4):
        sub = f"sub-verse{400 + n // 2}"
        stem = f"{sub}_split-verse{253 + n}"
        image(out / "rawdata" / sub / f"{stem}_ct.nii.gz", n)
        labels(out / "derivatives" / sub / f"{stem}_seg-vert_msk.nii.gz", n, (20, 21))


@layout("spider", 6, 3, labelled=6)
def spider(out):
    """Each contrast has labels of its own, on its own grid."""
    for n in range(1, 4):
        for m, contrast in enumerate(("t1", "t2")):
            image(out / "images" / f"{n}_{contrast}.mha", n + m, "mr")
            labels(out / "masks" / f"{n}_{contrast}.mha", n + m, (1, 2, 100, 201))
    table(out / "overview.csv", "new_file_name,subset,num_vertebrae,sex",
          [(f"{n}_{c}", "training", 7, "F") for n in range(1, 4) for c in ("t1", "t2")])


@layout("spider-same-grid", 6, 3, labelled=6)
def spider_same(out):
    """The same where both contrasts have one grid, as they often do."""
    for n in range(1, 4):
        for m, contrast in enumerate(("t1", "t2")):
            image(out / "images" / f"{n}_{contrast}.mha", n, "mr")
            labels(out / "masks" / f"{n}_{contrast}.mha", n, (1, 2, 100, 201))


@layout("cspineseg", 3, 3)
def cspineseg(out):
    for n in range(3):
        stem = f"{593973 + n}-000001_Study-MR-1_Series-2"
        image(out / "images" / f"{stem}.nii.gz", n, "mr")
        labels(out / "annotation" / f"{stem}_SEG.nii.gz", n)


@layout("abus", 3, 3, splits={"train": 3})
def abus(out):
    """Tables called labels.csv say what is in each image, not what a value means."""
    for n in range(3):
        image(out / "Train" / "DATA" / f"DATA_{n:03}.nrrd", n, "mr")
        labels(out / "Train" / "MASK" / f"MASK_{n:03}.nrrd", n, [1])
    table(out / "Train" / "labels.csv", "case_id,label,data_path,mask_path",
          [(n, "MB"[n % 2], f"DATA\\DATA_{n:03}.nrrd", f"MASK\\MASK_{n:03}.nrrd") for n in range(3)])
