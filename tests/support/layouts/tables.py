"""Pictures that a table names."""
from .truth import layout
from .writers import dicom_picture, picture, table


@layout("table", 8, 4, labels=["benign", "malignant"], pictures=True)
def plain(out):
    for n in range(8):
        picture(out / "images" / f"{n}.png")
    table(out / "labels.csv", "filename,label,split,patient",
          [(f"images/{n}.png", ("benign", "malignant")[n % 2], ("train", "test")[n // 4], f"P{n // 2}")
           for n in range(8)])


@layout("aptos", 8, None, labels=["0", "1", "2"], pictures=True)
def aptos(out):
    """Files by id_code, without an ending."""
    for n in range(8):
        picture(out / "train_images" / f"000c1434d8d{n}.png", True)
    table(out / "train.csv", "id_code,diagnosis", [(f"000c1434d8d{n}", n % 3) for n in range(8)])
    table(out / "test.csv", "id_code", [(f"111c1434d8d{n}",) for n in range(2)])


@layout("rsna-pneumonia", 6, 6, labels=["0", "1"], pictures=True)
def rsna_pneumonia(out):
    """Files by patientId; a patient with two boxes has two rows."""
    rows = []
    for n in range(6):
        who = f"0004cfab-14fd-4e49-80ba-63a80b6bdd{n:02}"
        dicom_picture(out / "stage_2_train_images" / f"{who}.dcm", who)
        rows += [(who, 264 + m, 152, 213, 379, 1) for m in range(2)] if n % 2 else [(who, "", "", "", "", 0)]
    table(out / "stage_2_train_labels.csv", "patientId,x,y,width,height,Target", rows)


@layout("mimic-cxr", 8, 2, labels=["Edema=0", "Edema=1"], pictures=True)
def mimic_cxr(out):
    """Files by dicom_id in one table, labels by study in another, the split in a third."""
    files, studies, splits = [], [], []
    for n in range(8):
        who, study, name = 10000032 + n // 4, 50414267 + n // 2, f"02aa804e-bde0afdd-112c0b34-7bc16630-4e384d{n:02}"
        picture(out / "files" / f"p{str(who)[:2]}" / f"p{who}" / f"s{study}" / f"{name}.jpg")
        files.append((name, who, study, "PA"))
        splits.append((name, study, who, "train" if n < 4 else "test"))
        if n % 2 == 0:
            studies.append((who, study, "1.0" if n % 4 else "0.0", ""))
    table(out / "mimic-cxr-2.0.0-metadata.csv", "dicom_id,subject_id,study_id,ViewPosition", files)
    table(out / "mimic-cxr-2.0.0-chexpert.csv", "subject_id,study_id,Edema,Cardiomegaly", studies)
    table(out / "mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split", splits)


@layout("chexpert", 16, 4, labels=["Cardiomegaly=0", "Cardiomegaly=1", "Edema=-1", "Edema=1"], pictures=True)
def chexpert(out):
    """Column Path; the patient stands in it alone."""
    for split, first in (("train", 1), ("valid", 64541)):
        rows = []
        for n in range(8):
            path = (f"CheXpert-v1.0-small/{split}/patient{first + n // 4:05}/study{1 + n // 2 % 2}/"
                    f"view{1 + n % 2}_frontal.jpg")
            picture(out / path)
            rows.append((path, "Male", 60 + n // 4, "Frontal", "AP", ("1.0", "0.0")[n % 2], ("", "1.0", "-1.0")[n % 3]))
        table(out / "CheXpert-v1.0-small" / f"{split}.csv",
              "Path,Sex,Age,Frontal/Lateral,AP/PA,Cardiomegaly,Edema", rows)


@layout("chest-xray14", 8, 4, labels=["Effusion=0", "Effusion=1", "Mass=0", "Mass=1"], pictures=True)
def chest_xray14(out):
    rows = []
    for n in range(8):
        name = f"{1 + n // 2:08}_{n % 2:03}.png"
        picture(out / f"images_{1 + n // 4:03}" / "images" / name)
        findings = ("No Finding", "Effusion", "Effusion|Mass", "Mass")[n % 4]
        rows.append((name, findings, n % 2, 1 + n // 2, 58, "M", "PA"))
    table(out / "Data_Entry_2017.csv",
          "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position", rows)


@layout("ham10000", 8, 4, labels=["bkl", "nv"], pictures=True)
def ham10000(out):
    """Several pictures of one lesion: lesion_id."""
    rows = []
    for n in range(8):
        picture(out / f"HAM10000_images_part_{1 + n // 4}" / f"ISIC_{27419 + n:07}.jpg", True)
        rows.append((f"HAM_{n // 2:07}", f"ISIC_{27419 + n:07}", ("bkl", "nv")[n // 2 % 2], "histo", 80, "male",
                     "scalp"))
    table(out / "HAM10000_metadata.csv", "lesion_id,image_id,dx,dx_type,age,sex,localization", rows)


@layout("isic-task3", 6, None, labels=["MEL=0", "MEL=1", "NV=0", "NV=1"], pictures=True)
def isic_task3(out):
    """One column a class, 1.0 and 0.0, in a folder beside that of the pictures."""
    rows = []
    for n in range(6):
        picture(out / "ISIC2018_Task3_Training_Input" / f"ISIC_{24306 + n:07}.jpg", True)
        rows.append((f"ISIC_{24306 + n:07}", *(float(n % 3 == m) for m in range(3))))
    truth = "ISIC2018_Task3_Training_GroundTruth"
    table(out / truth / f"{truth}.csv", "image,MEL,NV,BCC", rows)


@layout("isic2020", 8, 4, labels=["benign_malignant=benign", "benign_malignant=malignant", "target=0", "target=1"],
        pictures=True)
def isic2020(out):
    rows = []
    for n in range(8):
        picture(out / "train" / f"ISIC_{15719 + n:07}.jpg", True)
        rows.append((f"ISIC_{15719 + n:07}", f"IP_{n // 2:07}", "female", 45, "torso", "unknown",
                     ("benign", "malignant")[n % 2], n % 2))
    table(out / "train.csv", "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,"
          "benign_malignant,target", rows)


@layout("vindr-cxr", 4, 4, labels=["Cardiomegaly", "No finding"], pictures=True, told=("label-conflict",))
def vindr(out):
    """A row for each box and radiologist: pictures on which they do not agree are left out and told."""
    rows = []
    for n in range(6):
        name = f"50a418190bc3fb1ef1633bf9678929{n:02}"
        dicom_picture(out / "train" / f"{name}.dicom", name)
        for m in range(3):
            cls = n % 2 if n < 4 else m % 2
            rows.append((name, ("No finding", "Cardiomegaly")[cls], (14, 3)[cls], f"R{8 + m}", "", "", "", ""))
    table(out / "train.csv", "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max", rows)


@layout("mura", 8, 4, labels=["0", "1"], pictures=True, splits={"train": 8})
def mura(out):
    """Tables without a first line of names; the class stands in the study's folder."""
    rows = []
    for n in range(8):
        study = f"study1_{('negative', 'positive')[n // 2 % 2]}"
        path = f"MURA-v1.1/train/XR_ELBOW/patient{11 + n // 2:05}/{study}/image{1 + n % 2}.png"
        picture(out / path)
        rows.append(path)
    (out / "MURA-v1.1" / "train_image_paths.csv").write_text("\n".join(rows) + "\n")
    studies = sorted({(row.rsplit("/", 1)[0] + "/", int("positive" in row)) for row in rows})
    (out / "MURA-v1.1" / "train_labeled_studies.csv").write_text("".join(f"{path},{c}\n" for path, c in studies))


@layout("radimagenet", 8, None, labels=["acl", "meniscus"], pictures=True)
def radimagenet(out):
    """One table a split, whose paths begin with the archive's folder; the patient is in some of the names alone."""
    for split, first in (("train", 0), ("val", 4), ("test", 6)):
        rows = []
        for n in range(first, first + (4 if split == "train" else 2)):
            cls = ("acl", "meniscus")[n % 2]
            path = f"radiology_ai/MR/knee/{cls}/{cls}{n:06}.png"
            picture(out / path)
            rows.append((path, cls))
        table(out / f"RadImageNet_{split}.csv", "filename,label", rows)


@layout("cbis-ddsm", 8, 4, labels=["BENIGN", "MALIGNANT"], pictures=True)
def cbis_ddsm(out):
    """Paths of files under a name of their own; the breast's two views are one patient's."""
    rows = []
    for n in range(8):
        path = f"Mass-Training_P_{n // 2:05}_LEFT_{('CC', 'MLO')[n % 2]}/1.3.6.1.4.1.9590.{n}/000000.dcm"
        dicom_picture(out / "CBIS-DDSM" / path, f"P_{n // 2:05}", "MG")
        rows.append((f"P_{n // 2:05}", "LEFT", ("CC", "MLO")[n % 2], ("BENIGN", "MALIGNANT")[n // 2 % 2], path))
    table(out / "CBIS-DDSM" / "mass_case_description_train_set.csv",
          "patient_id,left or right breast,image view,pathology,image file path", rows)


@layout("two-tables-of-splits", 8, 4, labels=["0", "1"], pictures=True)
def two_tables(out):
    for n in range(8):
        picture(out / "img" / f"{n:03}.png")
    for split, numbers in (("train", range(4)), ("test", range(4, 8))):
        table(out / f"{split}.csv", "image,label,patient_id", [(f"{n:03}.png", n % 2, f"P{n // 2}") for n in numbers])
