"""DICOM as public archives give it, with labels of other kinds beside it."""
from .truth import layout
from .writers import blocks, dicom_series, labels, picture, place, png, table, text, uid


@layout("dicom-nifti-mask", 3, 3)
def dicom_nifti_mask(out):
    for n in range(1, 4):
        dicom_series(out / f"patient{n:02}" / "CT", n, f"P{n:02}", "axial")
        labels(out / f"patient{n:02}" / "mask.nii.gz", n, [1])


@layout("dicom-nifti-masks-apart", 3, 3)
def dicom_nifti_apart(out):
    """A folder of series and a folder of masks, called alike."""
    for n in range(1, 4):
        dicom_series(out / "images" / f"case_{n:02}", n, f"P{n:02}", "axial")
        labels(out / "masks" / f"case_{n:02}.nii.gz", n, [1])


@layout("tcia", 3, 2, labelled=0, labels=[])
def tcia(out):
    """What the NBIA Data Retriever leaves: a manifest's folder, metadata.csv, a licence."""
    folder, rows = out / "manifest-1600709154662", []
    for n, (who, study) in enumerate((("LUNG1-001", "1"), ("LUNG1-001", "2"), ("LUNG1-002", "1"))):
        place_ = f"./NSCLC-Radiomics/{who}/01-01-2014-NA-StudyID-{study}/1.000000-NA-82046"
        dicom_series(folder / place_, n, who, f"axial {study}", study=study)
        rows.append((uid(who, study, f"axial {study}"), "NSCLC-Radiomics", "", "", "CT", "CT Image Storage", who, study,
                     place(n)[0][2], place_))
    table(folder / "metadata.csv", "Series UID,Collection,3rd Party Analysis,Data Description URI,Modality,"
          "SOP Class Name,Subject ID,Study UID,Number of Images,File Location", rows)
    text(folder / "NSCLC-Radiomics" / "LICENSE", "CC BY-NC 3.0\n")


@layout("pancreas-ct", 3, 3)
def pancreas_ct(out):
    """Series by patient, labels by number in another folder."""
    for n in range(1, 4):
        study = out / "Pancreas-CT" / f"PANCREAS_{n:04}" / "11-24-2015-PANCREAS0001-Pancreas-18957"
        dicom_series(study / "Pancreas-99667", n, f"PANCREAS_{n:04}", "Pancreas")
        labels(out / "TCIA_pancreas_labels-02-05-2017" / f"label{n:04}.nii.gz", n, [1])


@layout("chaos", 3, 3, labelled=0, labels=[])
def chaos(out):
    """Labels are pictures, one a slice: not offered, the series are images without labels."""
    for n, who in enumerate(("1", "2", "5")):
        case = out / "CHAOS_Train_Sets" / "Train_Sets" / "CT" / who
        dicom_series(case / "DICOM_anon", n, f"CHAOS{who}", "portal", files="i{:04},0000b.dcm")
        marks = blocks(place(n)[0], [255])
        for k in range(marks.shape[2]):
            png(case / "Ground" / f"liver_GT_{k:03}.png", marks[:, :, k].T)


@layout("ircadb", 2, 2, labels=["liver", "bone"])
def ircadb(out):
    """The masks are series of their own, one a structure, without any reference."""
    for n in range(1, 3):
        case = out / "3Dircadb1" / f"3Dircadb1.{n}"
        dicom_series(case / "PATIENT_DICOM", n, f"liver_{n:02}", "axial", files="image_{}")
        dicom_series(case / "LABELLED_DICOM", n, f"liver_{n:02}", "labelled", files="image_{}",
                     data=blocks(place(n)[0], (1, 17)))
        for m, organ in enumerate(("liver", "bone")):
            dicom_series(case / "MASKS_DICOM" / organ, n, f"liver_{n:02}", f"mask {organ}", files="image_{}",
                         data=(blocks(place(n)[0], (1, 2)) == m + 1) * 255)


@layout("dicom-one-folder", 3, 3, labelled=0, labels=[])
def dicom_one_folder(out):
    """All files of all patients in one folder, as an export leaves them."""
    for n in range(3):
        dicom_series(out / "export", n, f"P{n}", "axial", files=f"IM_{n}_" + "{:04}")


@layout("rsna-mgmt", 4, 2, labelled=0, labels=[], image_labels={"MGMT_value=0": 2, "MGMT_value=1": 2})
def rsna_mgmt(out):
    """DICOM volumes in folders of contrasts, the class of each patient in a table."""
    for n in range(2):
        for m, contrast in enumerate(("FLAIR", "T1w")):
            dicom_series(out / "train" / f"{n:05}" / contrast, n, f"{n:05}", contrast, "MR", files="Image-{}.dcm")
    table(out / "train_labels.csv", "BraTS21ID,MGMT_value", [(f"{n:05}", n % 2) for n in range(2)])


@layout("dicom-previews", 3, 3, labelled=3)
def dicom_previews(out):
    """Pictures for a look lie beside the series: no data."""
    for n in range(1, 4):
        dicom_series(out / f"patient{n:02}" / "CT", n, f"P{n:02}", "axial")
        labels(out / f"patient{n:02}" / "mask.nii.gz", n, [1])
        picture(out / f"patient{n:02}" / "preview.png")
